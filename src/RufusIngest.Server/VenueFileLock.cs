namespace RufusIngest.Server;

/// <summary>
/// Lets one server at a time use a file: a lock on a file beside it, which ends with the process however that ends.
/// SQLite alone would let two take turns, and each would wait for the other in the middle of a race.
/// </summary>
sealed class VenueFileLock : IDisposable
{
    readonly FileStream _held;

    VenueFileLock(FileStream held) => _held = held;

    /// <exception cref="VenueDataException">Another server has it, or the folder cannot be written.</exception>
    public static VenueFileLock Take(string path)
    {
        var beside = path + "-lock";
        try
        {
            return new(new FileStream(beside, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException) when (File.Exists(beside))
        {
            throw new VenueDataException(
                $"{path}: another server is using this file; end that one, or give another file.",
                mayHeal: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new VenueDataException($"{path}: {exception.Message}");
        }
    }

    public void Dispose() => _held.Dispose();
}
