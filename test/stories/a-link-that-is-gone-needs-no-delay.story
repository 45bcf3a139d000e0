# B10.9: an interface that does not exist any more is down at once, and one that was never up is up at once.

globals link_delays=eth1:2s:3s
router track=eth1
startup
----
initialize -> fault (check_fault)

link eth1 up
----
fault -> backup (check_recovered)

link eth1 gone
----
backup -> fault (check_fault)

link eth1 up
----
fault -> backup (check_recovered)
