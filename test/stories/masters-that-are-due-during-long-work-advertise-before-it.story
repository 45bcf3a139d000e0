# a advertises at 0, 1 and 2 s, b at 0 and 40 s, so at 1.5 s a is due within 0.5 s and b is not. What a says
# before moves no timer: the next one is at 2 s all the same. A Backup has nothing to say; 0.499 s reach nobody.

router name=a vrid=1 priority=255 address=10.0.0.100 garp_master_delay=0s
router name=b vrid=2 priority=255 address=10.0.0.200 garp_master_delay=0s interval=40s
router name=d vrid=4 priority=100 address=10.0.0.204
startup
wait 1.5s
busy 499ms
----
a: initialize -> master (owner_startup)
b: initialize -> master (owner_startup)
d: initialize -> backup (startup)
  a: send advert priority=255
  b: send advert priority=255
  a: add 10.0.0.100
  b: add 10.0.0.200
  a: announce 10.0.0.100 x5
  b: announce 10.0.0.200 x5
at 1s
  a: send advert priority=255

busy 500ms
----
  a: send advert priority=255

wait 1s
----
at 2s
  a: send advert priority=255
