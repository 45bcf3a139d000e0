# RFC 5798 §6.4.3 (665): the neighbours of the second router do not wait until the
# addresses of the first are gone.

router name=a vrid=1 priority=255
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

shutdown
----
a: master -> initialize (shutdown)
b: master -> initialize (shutdown)
  a: send advert priority=0
  b: send advert priority=0
  a: remove 10.0.0.100
  b: remove 10.0.0.200
