# RFC 5798 §6.4.3 (655)-(670): to be removed is to be shut down.

router name=a vrid=1 priority=255
router name=b vrid=2 priority=100 address=10.0.0.200
startup
----
a: initialize -> master (owner_startup)
b: initialize -> backup (startup)
  a: send advert priority=255
  a: add 10.0.0.100
  a: announce 10.0.0.100 x5

reconfigure a removed
----
a: master -> removed
  a: send advert priority=0
  a: remove 10.0.0.100

# A Backup has nothing to say.

reconfigure b removed
----
backup -> removed
