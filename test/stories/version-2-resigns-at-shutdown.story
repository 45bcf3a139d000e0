# RFC 3768 §6.4.3: a Master that shuts down sends priority 0.

router version=2 priority=255
startup
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5

shutdown
----
master -> initialize (shutdown)
  send advert priority=0
  remove 10.0.0.100
