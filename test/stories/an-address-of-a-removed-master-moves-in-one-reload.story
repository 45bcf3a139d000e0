# B15.4: the router that goes lets go before the one that stays takes up.

router name=a vrid=1 priority=255 address=10.0.0.100
router name=b vrid=2 priority=255 address=10.0.0.200
startup
----
a: initialize -> master (owner_startup)
b: initialize -> master (owner_startup)
  a: send advert priority=255
  b: send advert priority=255
  a: add 10.0.0.100
  b: add 10.0.0.200
  a: announce 10.0.0.100 x5
  b: announce 10.0.0.200 x5

reconfigure
  a address=10.0.0.100,10.0.0.200
  b removed
----
b: master -> removed
  b: send advert priority=0
  a: send advert priority=255
  b: remove 10.0.0.200
  a: add 10.0.0.200
  a: announce 10.0.0.200 x5
