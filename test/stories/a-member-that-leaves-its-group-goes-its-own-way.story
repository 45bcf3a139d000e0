# B11 at a reload: once out of the group, a router waits for nobody.

reconfigure
  a group=G
  b vrid=2 address=10.0.0.101 group=G
startup
hear router=b priority=200
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

reconfigure b group=none
----
ok

hear router=b priority=200
wait 3s
hear router=b priority=200
wait 609375us
----
b: master -> backup (peer_stronger)
  b: remove 10.0.0.101
at 4.609375s
  a: send advert priority=100
at 5.609375s
  a: send advert priority=100
at 6.609375s
  a: send advert priority=100
