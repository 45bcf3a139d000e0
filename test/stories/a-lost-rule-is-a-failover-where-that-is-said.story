# B9.11: `on_loss failover`: the Master resigns, and may be Master again after Skew_Time:
# (256 - 100) / 256 * 1 s = 0.609375 s.

router on_loss=failover garp_master_delay=0s rule=500
startup
wait 3.609375s
----
initialize -> backup (startup)
at 3.609375s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.100
  add rule 500: from all lookup 100
  announce 10.0.0.100 x5

torn 500
----
master -> backup (vip_lost)
  send advert priority=0
  remove rule 500: from all lookup 100
  remove 10.0.0.100

wait 0.609375s
----
at 4.21875s
backup -> master (master_resigned)
  send advert priority=100
  add 10.0.0.100
  add rule 500: from all lookup 100
  announce 10.0.0.100 x5
