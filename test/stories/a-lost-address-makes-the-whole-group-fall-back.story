# B9.11: on_loss failover. An address of a Master goes without our doing: priority 0, everything dropped,
# Backup with Skew_Time to wait, 0.609375 s at priority 100, and the whole sync group with it.

reconfigure
  a on_loss=failover group=G
  b vrid=2 address=10.0.0.101 group=G
startup
wait 3.609375s
source 10.0.0.100 10.0.0.101 added
----
a: initialize -> backup (startup)
b: initialize -> backup (startup)
at 3.609375s
a: backup -> master (group_master)
b: backup -> master (master_silent)
  b: send advert priority=100
  a: send advert priority=100
  b: add 10.0.0.101
  a: add 10.0.0.100
  b: announce 10.0.0.101 x5
  a: announce 10.0.0.100 x5

source 10.0.0.100 removed
----
a: master -> backup (vip_lost)
b: master -> backup (group_backup)
  a: send advert priority=0
  b: send advert priority=0
  a: remove 10.0.0.100
  b: remove 10.0.0.101

wait 609374us
----
ok

wait 1us
----
at 4.21875s
a: backup -> master (group_master)
b: backup -> master (master_resigned)
  b: send advert priority=100
  a: send advert priority=100
  b: add 10.0.0.101
  a: add 10.0.0.100
  b: announce 10.0.0.101 x5
  a: announce 10.0.0.100 x5
