# Keepalived (B9.2): never straight to Master unless priority is 255; meanwhile the
# neighbours may have one.

router priority=254
startup
wait 3.007813s
link eth0 down
----
initialize -> backup (startup)
at 3.007813s
backup -> master (master_silent)
  send advert priority=254
  add 10.0.0.100
  announce 10.0.0.100 x5
master -> fault (link_down)
  remove 10.0.0.100

link eth0 up
----
fault -> backup (link_up)
