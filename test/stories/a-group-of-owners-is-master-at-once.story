# RFC 5798 §6.4.1 (105) and B11.4: with all members owners, the group is Master at once.

reconfigure
  a priority=255 group=G
  b vrid=2 priority=255 address=10.0.0.101 group=G
----
ok

startup
----
a: initialize -> master (owner_startup)
b: initialize -> master (owner_startup)
  a: send advert priority=255
  b: send advert priority=255
  a: add 10.0.0.100
  b: add 10.0.0.101
  a: announce 10.0.0.100 x5
  b: announce 10.0.0.101 x5
