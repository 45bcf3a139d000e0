# fall_master 3, fall_backup 1: a Master is patient with its own check, as to give up costs a failover; a Backup
# believes the first bad answer.

check script/a fall_master=3 fall_backup=1
router priority=120 track=script/a:-30 garp_master_delay=0s
startup
answer script/a good bad
state
answer script/a good
state
----
initialize -> backup (startup)
backup priority=90 due in 3.648438s
backup priority=120 due in 3.53125s

wait 3.53125s
answer script/a bad bad
state
----
at 3.53125s
backup -> master (master_silent)
  send advert priority=120
  add 10.0.0.100
  announce 10.0.0.100 x5
master priority=120 due in 1s

answer script/a bad
----
  send advert priority=90
