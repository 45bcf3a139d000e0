# A Backup holds none, so that they are somebody else's.

router route=192.0.3.0/24 on_loss=failover
startup
torn 192.0.3.0/24
----
initialize -> backup (startup)
