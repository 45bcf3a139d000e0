# B11.2: one Backup makes all of them Backup. The member that heard somebody stronger yields without a
# word; the other heard nobody, and resigns, so that whoever waits there needs not wait for its silence.

reconfigure
  a group=G
  b vrid=2 address=10.0.0.101 group=G
startup
wait 3.609375s
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

hear router=a priority=150
----
a: master -> backup (peer_stronger)
b: master -> backup (group_backup)
  b: send advert priority=0
  a: remove 10.0.0.100
  b: remove 10.0.0.101

# A router outside the group would have stayed.

reconfigure b group=none
----
ok

wait 3.7s
----
at 7.21875s
a: backup -> master (master_silent)
  a: send advert priority=100
  a: add 10.0.0.100
  a: announce 10.0.0.100 x5
b: backup -> master (master_silent)
  b: send advert priority=100
  b: add 10.0.0.101
  b: announce 10.0.0.101 x5

hear router=a priority=150
----
a: master -> backup (peer_stronger)
  a: remove 10.0.0.100
