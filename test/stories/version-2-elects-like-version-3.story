# RFC 3768 §6.4.1, RFC 3768 §6.4.2, RFC 3768 §6.4.3: the same machine, with a password in the clear.  Backup at 0 s; Master
# after 3 s + 0.609375 s; a higher priority sends it back; and then 3.609375 s more are to wait.

router version=2 priority=100 interval=1s password=secret
startup
----
initialize -> backup (startup)

wait 3.609375s
----
at 3.609375s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5

hear priority=150
----
master -> backup (peer_stronger)
  remove 10.0.0.100

state
----
backup priority=100 due in 3.609375s

hear priority=99
state
----
backup priority=100 due in 3.609375s
