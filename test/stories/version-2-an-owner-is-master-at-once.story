# RFC 3768 §6.4.1: priority 255 waits for nobody. It advertises, announces, and its next advertisement is due after
# Advertisement_Interval, 1 s. Anybody else waits: 3 * 1 s + (256 - 254) / 256 s = 3.0078125 s,
# rounded to the microsecond.

reconfigure
  a version=2 priority=255
  b version=2 vrid=2 priority=254 address=10.0.0.101
startup
state
----
a: initialize -> master (owner_startup)
b: initialize -> backup (startup)
  a: send advert priority=255
  a: add 10.0.0.100
  a: announce 10.0.0.100 x5
a: master priority=255 due in 1s
b: backup priority=254 due in 3.007813s
