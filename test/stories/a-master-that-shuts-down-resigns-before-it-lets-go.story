# RFC 5798 §6.4.3 (655)-(670): priority 0 first, because the neighbours wait for it;
# then the addresses; no timer is left.

router priority=100
startup
wait 3.609375s
----
initialize -> backup (startup)
at 3.609375s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5

shutdown
----
master -> initialize (shutdown)
  send advert priority=0
  remove 10.0.0.100

wait 10s
hear priority=50
state
----
initialize priority=100

# Shutting down what is shut down has nothing left to say.

shutdown
----
ok
