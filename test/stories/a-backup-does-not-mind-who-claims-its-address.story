# The Master announces the address, as it should.

router priority=100
startup
claimed 10.0.0.100
----
initialize -> backup (startup)
