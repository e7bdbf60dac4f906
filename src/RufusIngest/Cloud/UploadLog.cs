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

    [LoggerMessage(3, LogLevel.Error, "The host's {Callback} threw")]
    public static partial void HandlerFailed(ILogger logger, string callback, Exception e);

    [LoggerMessage(4, LogLevel.Error,
        "{Location} session {Session}: the server already had {Count} of the numbers {FirstNumber} to {LastNumber}, or "
        + "has other passings under them: somebody else numbers this session, and new passings may not be stored")]
    public static partial void NumberTaken(
        ILogger logger, string location, int session, int count, int firstNumber, int lastNumber);

    [LoggerMessage(5, LogLevel.Error,
        "{Location} session {Session}: the server's counts for passings {FirstNumber} to {LastNumber} do not add up to "
        + "{Count}: some may not be stored")]
    public static partial void WrongCounts(
        ILogger logger, string location, int session, int firstNumber, int lastNumber, int count);

    [LoggerMessage(6, LogLevel.Error,
        "{Location} session {Session}: passing {Number} set aside, it will not be sent again "
        + "(status {Status}: {Words}): {Item}")]
    public static partial void SetAside(
        ILogger logger, string location, int session, int number, int status, string? words, string item);

    [LoggerMessage(7, LogLevel.Warning,
        "{Location} session {Session}: its session at the server was gone; opened another one "
        + "at passing {FirstNumber}")]
    public static partial void Opened(ILogger logger, string location, int session, int firstNumber);
}
