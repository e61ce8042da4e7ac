"""Each way in that somebody might try, tried."""
