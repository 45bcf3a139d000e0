# RFC 5798 §6.4.1 (100): only the Startup event starts a router.

router name=a vrid=1 priority=100
reconfigure b vrid=2 priority=255 address=10.0.0.200
wait 10s
state
----
a: initialize priority=100
b: initialize priority=255
