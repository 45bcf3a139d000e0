# B15.2: Keepalived loses a pending second block.  Here it stays due at 5 s, with the
# addresses there are by then; and B12.2: what comes is announced at once besides.

router name=a priority=255 interval=40s
startup
wait 2s
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5

reconfigure a address=10.0.0.100,10.0.0.101
----
  send advert priority=255
  add 10.0.0.101
  announce 10.0.0.101 x5

wait 10s
----
at 5s
  announce 10.0.0.100 10.0.0.101 x5
