-- Everything a budget holds, and the server's time (ms). KEYS: the budget.
return {digits(now_ms()), redis.call('HGETALL', KEYS[1])}
