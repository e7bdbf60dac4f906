using Microsoft.Extensions.Logging;

namespace RufusIngest.Cloud;

/// <summary>The uploader's log messages. None holds the key: words from outside come redacted.</summary>
static partial class UploadLog
{
    [LoggerMessage(1, LogLevel.Warning,
        "{Location} session {Session}: passings from {FirstNumber} not accepted yet (status {Status}: {Words}); "
        + "again in {Delay}")]
    public static partial void Retry(
        ILogger logger, string location, int session, int firstNumber, int status, string? words, TimeSpan delay);

    [LoggerMessage(2, LogLevel.Error,
        "{Location} session {Session} stopped at passing {FirstNumber}: {Failure}, status {Status}: {Words}")]
    public static partial void Stopped(
        ILogger logger, string location, int session, int firstNumber, RufusFailure failure, int status, string? words);

    [LoggerMessage(4, LogLevel.Error,
        "{Location} session {Session}: the server already had {Count} of the numbers from {FirstNumber}, sent for the "
        + "first time: somebody else numbers this session, and the new passings may not be stored")]
    public static partial void NumbersTaken(
        ILogger logger, string location, int session, int count, int firstNumber);

    [LoggerMessage(3, LogLevel.Error, "SessionStopped threw")]
    public static partial void HandlerFailed(ILogger logger, Exception e);
}
