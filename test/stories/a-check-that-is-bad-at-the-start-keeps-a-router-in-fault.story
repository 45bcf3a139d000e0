# B10.3: several reasons may hold a router in FAULT; it leaves when all are gone.

router track=eth1,eth2:0:reverse
link eth2 up
startup
----
initialize -> fault (check_fault)

link eth1 up
----
ok

link eth2 down
----
fault -> backup (check_recovered)
