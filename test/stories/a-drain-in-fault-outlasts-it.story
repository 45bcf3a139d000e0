# It is put out of service in whatever phase it is; FAULT begins and ends as ever.

router priority=200
startup
wait 4s
link eth0 down
drain
link eth0 up
wait 10s
state
----
initialize -> backup (startup)
at 3.21875s
backup -> master (master_silent)
  send advert priority=200
  add 10.0.0.100
  announce 10.0.0.100 x5
master -> fault (link_down)
  remove 10.0.0.100
fault -> backup (link_up)
backup priority=200 due in 2.875s

link eth0 down
resume
link eth0 up
wait 3.21875s
----
backup -> fault (link_down)
fault -> backup (link_up)
at 17.21875s
backup -> master (master_silent)
  send advert priority=200
  add 10.0.0.100
  announce 10.0.0.100 x5
