# Keepalived (B9.2): only priority 255 goes straight to Master, as at startup.

link eth0 down
router priority=255
startup
----
initialize -> fault (link_down)

link eth0 up
----
fault -> master (link_up)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5
