# RFC 3768 §6.4.2: told to stop, a Backup cancels its timer; priority 0 is for a Master to say.

router version=2 priority=100
startup
wait 1s
shutdown
wait 10s
state
----
initialize -> backup (startup)
backup -> initialize (shutdown)
initialize priority=100
