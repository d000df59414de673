"""Reports: the daily report of the queue, its figures, its wordings, how it is kept and to whom it is sent."""
