# RFC 5798 §6.4.1 (100): Initialize knows one event, Startup.  Advertisements and
# deadlines are nothing to it, and there is no timer.

router priority=100
----
ok

hear priority=50
hear priority=0
hear priority=200
ring
wait 10s
----
ok

state
----
initialize priority=100
