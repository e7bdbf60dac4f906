using System.Globalization;

namespace RufusIngest.Journal;

/// <summary>
/// Lets one process at a time write a journal: a lock on a file beside it, which ends with the process however that ends.
/// </summary>
sealed class JournalHolder : IDisposable
{
    readonly FileStream _lock;

    JournalHolder(FileStream held) => _lock = held;

    /// <summary>This process, in words for whoever is refused.</summary>
    public static string Self => string.Create(
        CultureInfo.InvariantCulture,
        $"process {Environment.ProcessId} ({Path.GetFileNameWithoutExtension(Environment.ProcessPath) ?? "unknown"}) on "
        + $"{Environment.MachineName}, since {TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm:ss} UTC");

    /// <summary>Takes the lock. Null: another process has it.</summary>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be written.</exception>
    /// <exception cref="IOException">The folder does not exist, or the disk failed.</exception>
    public static JournalHolder? TryTake(string journal)
    {
        string path = journal + "-lock";
        try
        {
            return new JournalHolder(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException) when (File.Exists(path))
        {
            return null;
        }
    }

    /// <summary>
    /// Keeps others from writing a journal that is only looked at; a lock file that is not there yet is not made. Null:
    /// another process has it.
    /// </summary>
    public static IDisposable? TryTakeToLook(string journal)
    {
        string path = journal + "-lock";
        try
        {
            return File.Exists(path)
                ? new JournalHolder(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.None))
                : new MemoryStream();
        }
        catch (IOException)
        {
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return new MemoryStream(); // Nobody who may not even read the lock could tell.
        }
    }

    public void Dispose() => _lock.Dispose();
}
