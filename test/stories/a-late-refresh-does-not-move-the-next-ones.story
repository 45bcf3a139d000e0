# A refresh rung 0.3 s late (1.8 s) leaves the next one at 3 s; one that missed a whole
# period begins again where it was rung, 10 s + 1.5 s = 11.5 s.

router priority=255 interval=40s garp_master_delay=0s garp_master_refresh=1.5s
startup
late 1.8s
wait 1.2s
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5
at 1.8s
  announce 10.0.0.100 x1
at 3s
  announce 10.0.0.100 x1

late 7s
wait 2s
----
at 10s
  announce 10.0.0.100 x1
at 11.5s
  announce 10.0.0.100 x1
