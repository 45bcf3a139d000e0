# B10.4: a router waits in Initialize for a check of weight 0. The first good answer is enough, whatever `rise` says ...

check script/a rise=3 fall=3
router track=script/a
startup
wait 60s
----
initialize -> initialize (checks_pending)

answer script/a good
----
initialize -> backup (startup)

# ... and the first bad one, too, whatever `fall` says.

shutdown
check script/b rise=3 fall=3
reconfigure a track=script/b
startup
answer script/b bad
----
backup -> initialize (shutdown)
initialize -> initialize (checks_pending)
initialize -> fault (check_fault)

# The end of it takes three.

answer script/b good good
----
ok

answer script/b good
----
fault -> backup (check_recovered)
