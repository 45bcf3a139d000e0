# B9.2: FAULT holds nothing, so there is nothing to let go.

link eth0 down
router priority=100
startup
----
initialize -> fault (link_down)

shutdown
----
fault -> initialize (shutdown)

# A link that returns afterwards starts nobody.

link eth0 up
wait 10s
state
----
initialize priority=100
