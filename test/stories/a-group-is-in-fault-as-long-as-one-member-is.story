# B11.2: one member in FAULT puts the whole group there, and leaving needs every member healthy. Masters
# resign where there is a link to say so.

reconfigure
  a group=G
  b interface=eth1 address=10.0.1.100 group=G
link eth1 up
source 10.0.1.1 added eth1
startup
wait 3.609375s
----
a: initialize -> backup (startup)
b: initialize -> backup (startup)
at 3.609375s
a: backup -> master (group_master)
b: backup -> master (master_silent)
  b: send advert priority=100 from=10.0.1.1
  a: send advert priority=100
  b: add 10.0.1.100
  a: add 10.0.0.100
  b: announce 10.0.1.100 x5
  a: announce 10.0.0.100 x5

link eth1 down
----
a: master -> fault (group_fault)
b: master -> fault (link_down)
  a: send advert priority=0
  a: remove 10.0.0.100
  b: remove 10.0.1.100

# Its own loss, too: now both are needed.

link eth0 down
----
a: fault -> fault (link_down)

link eth1 up
----
b: fault -> fault (group_fault)

link eth0 up
----
a: fault -> backup (link_up)
b: fault -> backup (group_recovered)
