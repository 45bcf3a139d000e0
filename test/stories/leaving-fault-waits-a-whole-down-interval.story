# Keepalived (B9.2): FAULT ends in Backup with a full Master_Down_Timer, 3.609375 s,
# however much of it was over before and whatever was learned.

router priority=100
startup
hear priority=200 interval=10s
wait 3s
link eth0 down
wait 2s
----
initialize -> backup (startup)
backup -> fault (link_down)

link eth0 up
state
----
fault -> backup (link_up)
backup priority=100 due in 3.609375s

# 5 s + 3.609375 s
wait 3.609375s
----
at 8.609375s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5
