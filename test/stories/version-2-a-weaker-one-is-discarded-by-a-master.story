# RFC 3768 §6.4.3: a weaker one is discarded: still Master, and Adver_Timer runs on, 1 s less 0.5 s. Version 2 as it was
# written says nothing to it either, which is lower_prio_no_advert.

router version=2 priority=100 garp_master_delay=0s lower_prio_no_advert=yes garp_lower_prio_repeat=0
startup
wait 3.609375s
wait 0.5s
hear priority=99
state
----
initialize -> backup (startup)
at 3.609375s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5
master priority=100 due in 0.5s
