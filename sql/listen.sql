-- Listens for changes: the channel fires when a transaction that wrote to change_log or tidemarks commits. Repeatable.
-- Caller: store::listen.
LISTEN tidemark
