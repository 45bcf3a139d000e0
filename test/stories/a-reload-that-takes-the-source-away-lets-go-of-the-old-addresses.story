# B9.12: a new configuration makes our only address a virtual one.  That is FAULT; what
# goes is what the old configuration held, and nothing of the new one is taken up.

router name=a priority=100 address=10.0.0.100
startup
wait 3.609375s
----
initialize -> backup (startup)
at 3.609375s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5

reconfigure a address=10.0.0.1,10.0.0.101
----
master -> fault (no_primary_address)
  send advert priority=0
  remove 10.0.0.100

# With that taken back it starts as the new configuration says: 3 s + 0.21875 s.

reconfigure a address=10.0.0.101 priority=200
state
----
fault -> backup (primary_address)
backup priority=200 due in 3.21875s
