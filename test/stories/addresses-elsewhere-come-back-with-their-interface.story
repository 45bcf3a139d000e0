# An interface that is deleted and made again comes back without the addresses of a Master that lives
# on another one.  They are put there first, and announced after that, also for the sign that a carrier
# is back (users 1.3).

router priority=255 interval=10s address=10.0.0.100,10.0.1.100@eth1 garp_master_delay=0s garp_lower_prio_delay=0s
link eth1 up
startup
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100 10.0.1.100
  announce 10.0.0.100 10.0.1.100 x5

wait 2s
link eth1 gone
----
ok

link eth1 up
----
  add 10.0.1.100
  announce 10.0.0.100 10.0.1.100 x5
  announce 10.0.1.100 x5
