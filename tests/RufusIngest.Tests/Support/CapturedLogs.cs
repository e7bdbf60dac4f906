using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace RufusIngest.Tests.Support;

/// <summary>Keeps every log line, from all categories, at all levels.</summary>
sealed class CapturedLogs : ILoggerFactory, ILogger
{
    readonly ConcurrentQueue<(LogLevel Level, string Text)> _lines = new();

    public (LogLevel Level, string Text)[] Lines => [.. _lines];

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue((logLevel, formatter(state, exception) + exception));

    public void Dispose()
    {
    }
}
