# B11.2 at a reload: the router that joins the group hears a stronger Master. One Backup makes all of them
# Backup, and they let go of what the old configuration said.

reconfigure
  a group=G
  b vrid=2 address=10.0.0.101 group=G
  c vrid=3 address=10.0.0.102
startup
wait 3s
hear router=c priority=200
wait 609375us
----
a: initialize -> backup (startup)
b: initialize -> backup (startup)
c: initialize -> backup (startup)
at 3.609375s
a: backup -> master (group_master)
b: backup -> master (master_silent)
  b: send advert priority=100
  a: send advert priority=100
  b: add 10.0.0.101
  a: add 10.0.0.100
  b: announce 10.0.0.101 x5
  a: announce 10.0.0.100 x5

reconfigure
  a address=10.0.0.100,10.0.0.110
  c group=G
----
a: master -> backup (group_backup)
b: master -> backup (group_backup)
  a: send advert priority=0
  b: send advert priority=0
  a: remove 10.0.0.100
  b: remove 10.0.0.101
