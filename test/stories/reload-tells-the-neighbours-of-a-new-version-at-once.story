# A Master that speaks another version, or with another password, says so at once, and stays
# Master: whoever was changed before it has been without an advertisement since then.

router name=a priority=255 interval=5s version=2
startup
wait 1s
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5

reconfigure a password=secret
----
  send advert priority=255

reconfigure a version=3
----
  send advert priority=255

wait 4.9s
----
at 5s
  announce 10.0.0.100 x5

wait 0.1s
----
at 6s
  send advert priority=255
