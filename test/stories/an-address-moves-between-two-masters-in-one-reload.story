# Keepalived may need two reloads for that (B15.4).  Across the routers everything is
# removed before anything is added, whoever stands first in the file.

router name=a vrid=1 priority=255 address=10.0.0.100
router name=b vrid=2 priority=255 address=10.0.0.200,10.0.0.201
startup
----
a: initialize -> master (owner_startup)
b: initialize -> master (owner_startup)
  a: send advert priority=255
  b: send advert priority=255
  a: add 10.0.0.100
  b: add 10.0.0.200 10.0.0.201
  a: announce 10.0.0.100 x5
  b: announce 10.0.0.200 10.0.0.201 x5

reconfigure
  a address=10.0.0.100,10.0.0.201
  b address=10.0.0.200
----
  a: send advert priority=255
  b: send advert priority=255
  b: remove 10.0.0.201
  a: add 10.0.0.201
  a: announce 10.0.0.201 x5
