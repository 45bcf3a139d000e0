# max_failovers: a Master that itself became weaker has a reason to, such as an uplink that died. Who was Master
# too often takes over from it all the same: 3.414063 s after the last advertisement of 200.

router priority=150 max_failovers=1/1000s garp_master_delay=0s
startup
wait 3.414063s
hear priority=200
wait 1s
hear priority=90
state
wait 2.414063s
----
initialize -> backup (startup)
at 3.414063s
backup -> master (master_silent)
  send advert priority=150
  add 10.0.0.100
  announce 10.0.0.100 x5
master -> backup (peer_stronger)
  remove 10.0.0.100
backup priority=150 due in 2.414063s
at 6.828126s
backup -> master (master_weaker)
  send advert priority=150
  add 10.0.0.100
  announce 10.0.0.100 x5

# It is the same Master that has to fall: of somebody else who is weaker nothing is known.

hear priority=200
hear priority=90 from=10.0.0.3
state
----
master -> backup (peer_stronger)
  remove 10.0.0.100
backup priority=150 due in 3.414063s
