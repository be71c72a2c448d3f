hosts before=dns,resolve mcdns [!UNAVAIL=return]
