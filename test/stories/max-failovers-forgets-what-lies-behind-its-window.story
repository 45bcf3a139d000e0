# max_failovers 2 3: Master at 3.414063 s and, after a resignation, at 6.828126 s. The first one lies more than 3 s
# behind the second, so there is only one within the window, and the weaker Master holds nobody back.

router priority=150 max_failovers=2/3s garp_master_delay=0s
startup
wait 3.414063s
hear priority=200
wait 3s
hear priority=0
wait 414063us
hear priority=200
hear priority=90 from=10.0.0.3
wait 1s
hear priority=90 from=10.0.0.3
state
----
initialize -> backup (startup)
at 3.414063s
backup -> master (master_silent)
  send advert priority=150
  add 10.0.0.100
  announce 10.0.0.100 x5
master -> backup (peer_stronger)
  remove 10.0.0.100
at 6.828126s
backup -> master (master_resigned)
  send advert priority=150
  add 10.0.0.100
  announce 10.0.0.100 x5
master -> backup (peer_stronger)
  remove 10.0.0.100
backup priority=150 due in 2.414063s

# A reload that asks for no more than one finds it reached: the timer begins anew.

reconfigure a max_failovers=1/3s
hear priority=90 from=10.0.0.3
state
----
backup priority=150 due in 3.414063s
