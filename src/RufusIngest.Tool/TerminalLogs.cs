using Microsoft.Extensions.Logging;

namespace RufusIngest.Tool;

/// <summary>What a server warns of, as remarks on the terminal.</summary>
sealed class TerminalLogs(Terminal terminal) : ILoggerFactory, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
            terminal.Say(exception is null ? formatter(state, null) : $"{formatter(state, exception)}: {exception}");
    }

    public void Dispose()
    {
    }
}
