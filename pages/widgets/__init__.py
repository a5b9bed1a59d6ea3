"""What the pages share: the map, players and spectrograms, pickers, colours, and the HTTP routes behind them."""
