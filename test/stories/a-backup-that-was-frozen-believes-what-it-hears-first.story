# The alarm rings only after the sockets were read.  An advertisement that waited there
# moves Master_Down_Timer before it is looked at: 10 s + 3.609375 s, and the ring that
# follows changes nothing.

router priority=100
startup
late 10s
hear priority=200
ring
state
----
initialize -> backup (startup)
backup priority=100 due in 3.609375s
